package server

import "github.com/gofiber/fiber/v2"

type feedCache struct{}

func newFeedCache() *feedCache { return &feedCache{} }

func (s *Server) publicCalendar(c *fiber.Ctx) error   { return fiber.ErrNotFound }
func (s *Server) meetingCalendar(c *fiber.Ctx) error  { return fiber.ErrNotFound }
func (s *Server) seriesCalendar(c *fiber.Ctx) error   { return fiber.ErrNotFound }
func (s *Server) townCalendar(c *fiber.Ctx) error     { return fiber.ErrNotFound }
func (s *Server) personalCalendar(c *fiber.Ctx) error { return fiber.ErrNotFound }
func (s *Server) subscribe(c *fiber.Ctx) error        { return fiber.ErrNotFound }
func (s *Server) webcal(path string) string           { return "webcal://" + s.public.Host + path }
